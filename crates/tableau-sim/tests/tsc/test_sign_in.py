"""Server info, sign-in in all its forms, sessions."""

import base64
import json
import time
import unittest

import tableauserverclient as TSC
from support import SITE, SimulatorTest, control, server, token


def jwt(subject, now, lifetime=300):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = {"iss": "client", "sub": subject, "aud": "tableau", "exp": now + lifetime, "jti": "1", "scp": []}
    return ".".join([part({"alg": "HS256", "kid": "k"}), part(claims), "signature"])


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

    def test_jwt(self):
        client = server()
        client.auth.sign_in(TSC.JWTAuth(jwt("vera", simulated_time()), site_id=SITE))
        self.assertEqual(client.users.get_by_id(client.user_id).name, "vera")

    def test_a_jwt_that_lives_too_long_is_refused(self):
        with self.assertRaises(TSC.FailedSignInError):
            server().auth.sign_in(TSC.JWTAuth(jwt("vera", simulated_time(), 3600), site_id=SITE))

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


if __name__ == "__main__":
    unittest.main()
