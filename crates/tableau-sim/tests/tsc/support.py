"""What every test of the client suite needs: the server's address, a signed-in client, the control address."""

import json
import os
import unittest
import urllib.request

import tableauserverclient as TSC

BASE_URL = os.environ["TAILWATER_SIM_URL"]
SITE = "acme"


def control(method, path, body=None):
    """Calls the simulator's own control address and answers its JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{BASE_URL}/-/sim/{path}", data=data, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def advance(seconds):
    """Moves the standing clock."""
    control("PUT", "clock", {"advance_seconds": seconds})


def server():
    """A client that negotiates the REST version with the server."""
    return TSC.Server(BASE_URL, use_server_version=True)


def token(name="tailwater", site=SITE):
    return TSC.PersonalAccessTokenAuth(name, f"{name}-secret", site_id=site)


class SimulatorTest(unittest.TestCase):
    """Signs in anew for each test, with every switch off and every job of earlier tests over."""

    def setUp(self):
        control("DELETE", "switches")
        advance(24 * 3600)
        self.server = server()
        self.server.auth.sign_in(token())

    def sign_in_as(self, name):
        other = server()
        other.auth.sign_in(token(name))
        return other

    def find(self, endpoint, name):
        """The one item of that name."""
        found = [item for item in TSC.Pager(endpoint) if item.name == name]
        self.assertEqual(len(found), 1, f"items called {name}")
        return found[0]

    def workbook(self, name):
        return self.find(self.server.workbooks, name)

    def datasource(self, name):
        return self.find(self.server.datasources, name)
