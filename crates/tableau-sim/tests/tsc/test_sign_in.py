"""Server info, sign-in in all its forms, sessions."""

import base64
import hashlib
import hmac
import json
import time
import unittest
import uuid

import tableauserverclient as TSC
from support import SITE, SimulatorTest, control, server, token


APP = ("0c4e3a6a-client", "b1a9-secret-id", "app-secret")
READER = ("reader-client", "reader-secret-id", "reader-secret")
EVERYTHING = ["tableau:content:read", "tableau:users:read", "tableau:tasks:run", "tableau:jobs:*"]


def jwt(subject, now, lifetime=300, app=APP, scopes=EVERYTHING, key=None, header=None, **claims):
    """What a connected app signs in with, as Tableau's own examples make it."""

    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    client, secret_id, secret = app
    header = {"alg": "HS256", "typ": "JWT", "kid": secret_id, "iss": client} if header is None else header
    body = {"iss": client, "sub": subject, "aud": "tableau", "exp": now + lifetime, "jti": str(uuid.uuid4())}
    body.update({"scp": scopes} if scopes is not None else {})
    body.update(claims)
    signed = ".".join([part(json.dumps(header).encode()), part(json.dumps(body).encode())])
    return signed + "." + part(hmac.new((key or secret).encode(), signed.encode(), hashlib.sha256).digest())


def simulated_time():
    now = control("GET", "clock")["now"]
    return int(time.mktime(time.strptime(now[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone)


class ServerInfo(SimulatorTest):
    def test_the_version_is_negotiated_without_signing_in(self):
        info = server().server_info.get()
        self.assertEqual(info.product_version, "2025.1.2")
        self.assertEqual(info.build_number, "20251.25.0413.1022")
        self.assertEqual(info.rest_api_version, "3.25")
        self.assertEqual(self.server.version, "3.25")


class SignIn(SimulatorTest):
    def test_token(self):
        self.assertTrue(self.server.is_signed_in())
        self.assertRegex(self.server.auth_token, r".+\|.+\|.+")
        user = self.server.users.get_by_id(self.server.user_id)
        self.assertEqual(user.name, "ada@acme.example")

    def test_user_and_password(self):
        client = server()
        client.auth.sign_in(TSC.TableauAuth("ben@acme.example", "ben's password", SITE))
        self.assertEqual(client.users.get_by_id(client.user_id).site_role, "Creator")

    def test_whatever_is_wrong_the_answer_is_the_same(self):
        wrong = [
            TSC.PersonalAccessTokenAuth("tailwater", "no", SITE),
            TSC.PersonalAccessTokenAuth("nobody", "tailwater-secret", SITE),
            TSC.PersonalAccessTokenAuth("tailwater", "tailwater-secret", "nowhere"),
            TSC.TableauAuth("ben@acme.example", "no", SITE),
        ]
        for credentials in wrong:
            with self.assertRaises(TSC.FailedSignInError) as refused:
                server().auth.sign_in(credentials)
            self.assertEqual(refused.exception.code, "401001")

    def test_the_default_site_has_no_name(self):
        client = server()
        client.auth.sign_in(token("root", site=""))
        self.assertEqual(client.users.get_by_id(client.user_id).site_role, "ServerAdministrator")

    def test_a_second_sign_in_kills_the_first_session(self):
        second = server()
        second.auth.sign_in(token())
        with self.assertRaises(TSC.FailedSignInError) as refused:
            self.server.workbooks.get()
        self.assertEqual(refused.exception.code, "401002")
        second.workbooks.get()

    def test_sessions_by_password_stand_side_by_side(self):
        clients = [server(), server()]
        for client in clients:
            client.auth.sign_in(TSC.TableauAuth("ben@acme.example", "ben's password", SITE))
        for client in clients:
            client.workbooks.get()

    def test_an_idle_session_ends(self):
        control("PUT", "clock", {"advance_seconds": 241 * 60})
        with self.assertRaises(TSC.FailedSignInError):
            self.server.workbooks.get()

    def test_sign_out(self):
        credential = self.server.auth_token
        self.server.auth.sign_out()
        self.assertFalse(self.server.is_signed_in())
        self.server._set_auth(self.server_site(), "user", credential)
        with self.assertRaises(TSC.FailedSignInError):
            self.server.workbooks.get()

    def server_site(self):
        other = self.sign_in_as("builder")
        return other.site_id


class ConnectedApp(SimulatorTest):
    def sign_in(self, token):
        client = server()
        client.auth.sign_in(TSC.JWTAuth(token, site_id=SITE))
        return client

    def refused(self, token):
        with self.assertRaises(TSC.FailedSignInError) as refused:
            self.sign_in(token)
        self.assertEqual(refused.exception.code, "401001")

    def test_it_signs_in_as_the_user_that_it_names(self):
        client = self.sign_in(jwt("vera", simulated_time()))
        self.assertEqual(client.users.get_by_id(client.user_id).name, "vera")

    def test_sessions_stand_side_by_side(self):
        clients = [self.sign_in(jwt("ada@acme.example", simulated_time())) for _ in range(3)]
        for client in clients:
            client.workbooks.get()

    def test_what_is_signed_is_good_once(self):
        token = jwt("vera", simulated_time())
        self.sign_in(token)
        self.refused(token)

    def test_what_is_wrong_is_refused(self):
        now = simulated_time()
        client, secret_id, secret = APP
        for token in [
            "no.token",
            jwt("vera", now, key="another secret"),
            jwt("vera", now, app=("nobody", secret_id, secret)),
            jwt("vera", now, app=(client, "no id", secret)),
            jwt("vera", now, app=("off-client", "off-secret-id", "off-secret")),
            jwt("vera", now, header={"alg": "HS256", "kid": secret_id}),
            jwt("vera", now, header={"alg": "none", "kid": secret_id, "iss": client}),
            jwt("vera", now, lifetime=3600),
            jwt("vera", now, lifetime=-1),
            jwt("vera", now, aud="somebody"),
            jwt("vera", now, iss="somebody"),
            jwt("nobody", now),
            jwt("vera", now, scopes=None),
            jwt("vera", now, scopes=[]),
            jwt("vera", now, scopes="tableau:content:read"),
            jwt("ada@acme.example", now, app=READER),
        ]:
            self.refused(token)

    def test_a_session_does_what_its_scopes_allow(self):
        client = self.sign_in(jwt("ada@acme.example", simulated_time(), scopes=["tableau:content:read"]))
        workbooks, _ = client.workbooks.get()
        self.assertTrue(client.metadata.query("{ workbooks { name } }")["data"]["workbooks"])
        for call in [
            lambda: client.users.get_by_id(client.user_id),
            lambda: client.jobs.get(),
            lambda: client.workbooks.refresh(workbooks[0]),
        ]:
            with self.assertRaises(TSC.FailedSignInError) as refused:
                call()
            self.assertEqual(refused.exception.code, "401002")
        client.auth.sign_out()

    def test_an_app_may_be_kept_to_some_scopes(self):
        client = self.sign_in(jwt("vera", simulated_time(), app=READER))
        client.workbooks.get()
        with self.assertRaises(TSC.FailedSignInError):
            client.users.get_by_id(client.user_id)

    def test_refreshing_and_its_job(self):
        client = self.sign_in(jwt("ada@acme.example", simulated_time()))
        workbook = next(item for item in TSC.Pager(client.workbooks) if item.name == "Monthly close")
        job = client.workbooks.refresh(workbook)
        self.assertEqual(client.jobs.get_by_id(job.id).id, job.id)


if __name__ == "__main__":
    unittest.main()
