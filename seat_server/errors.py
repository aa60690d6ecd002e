"""Why the server refuses.

Refusal (signaling.protocol.errors)
└── ServerRefusal
    ├── NotSignedIn           not_signed_in
    ├── SignInFailed          sign_in_failed
    ├── CsrfMissing           csrf_missing
    ├── TooManyTries          too_many_tries
    ├── PasswordWrong         password_wrong
    ├── PasswordWeak          password_weak
    ├── AgentUnknown          agent_unknown
    ├── DepartmentUnknown     department_unknown
    ├── LoginTaken            login_taken
    ├── LastAdministrator     last_administrator
    ├── CodeRefused           code_refused
    ├── OriginNotLoopback     origin_not_loopback
    ├── DeviceUnknown         device_unknown
    └── ProofRefused          proof_refused
"""

from __future__ import annotations

from signaling.protocol.errors import Refusal


class ServerRefusal(Refusal):
    """The server refuses the request."""

    code = "server_refusal"


class NotSignedIn(ServerRefusal):
    """There is no session, or it has ended: sign in."""

    code = "not_signed_in"


class SignInFailed(ServerRefusal):
    """The login or the password is wrong, or the account is disabled."""

    code = "sign_in_failed"


class CsrfMissing(ServerRefusal):
    """The X-CSRF header is missing or is not the one of this session."""

    code = "csrf_missing"


class TooManyTries(ServerRefusal):
    """Too many wrong tries; wait, then try again."""

    code = "too_many_tries"

    def __init__(self, retry_after_s: int) -> None:
        """`retry_after_s`: when the next try is looked at."""
        super().__init__(f"too many wrong tries; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class PasswordWrong(ServerRefusal):
    """The present password is not the one given."""

    code = "password_wrong"


class PasswordWeak(ServerRefusal):
    """The new password is too short, is the login, or is one everybody tries first."""

    code = "password_weak"


class AgentUnknown(ServerRefusal):
    """There is no such agent."""

    code = "agent_unknown"


class DepartmentUnknown(ServerRefusal):
    """No service item belongs to such a department."""

    code = "department_unknown"


class LoginTaken(ServerRefusal):
    """Another agent has this login."""

    code = "login_taken"


class LastAdministrator(ServerRefusal):
    """Nobody could administer the server any more."""

    code = "last_administrator"


class CodeRefused(ServerRefusal):
    """The enrolment code is wrong, used, or past its time."""

    code = "code_refused"


class OriginNotLoopback(ServerRefusal):
    """A kiosk's page lives on the booth's own loopback address."""

    code = "origin_not_loopback"


class DeviceUnknown(ServerRefusal):
    """No enrolled device stands for this kiosk."""

    code = "device_unknown"


class ProofRefused(ServerRefusal):
    """The signature does not fit, or the nonce is foreign, used, or past its time."""

    code = "proof_refused"
