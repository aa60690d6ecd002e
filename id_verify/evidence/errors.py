"""Why evidence is not taken.

Refusal (signaling.protocol.errors)
└── EvidenceError             evidence_error
    ├── ConsentMissing        consent_missing
    ├── ConsentTextUnknown    consent_text_unknown
    ├── GuardianMissing       guardian_missing
    ├── VerdictMalformed      verdict_malformed
    ├── SignatureWrong        signature_wrong
    └── HolderForeign         holder_foreign
"""

from __future__ import annotations

from signaling.protocol.errors import Refusal


class EvidenceError(Refusal):
    """The evidence is not taken."""

    code = "evidence_error"


class ConsentMissing(EvidenceError):
    """Nobody consented to having their face looked at."""

    code = "consent_missing"


class ConsentTextUnknown(EvidenceError):
    """The consent is to words that this build does not know."""

    code = "consent_text_unknown"


class GuardianMissing(EvidenceError):
    """For a child under 14 a guardian has to consent."""

    code = "guardian_missing"


class VerdictMalformed(EvidenceError):
    """The verdict cannot be understood, or is not written the one way there is."""

    code = "verdict_malformed"


class SignatureWrong(EvidenceError):
    """The verdict was not signed with this kiosk's key."""

    code = "signature_wrong"


class HolderForeign(EvidenceError):
    """Name and number are not those the verdict was made for."""

    code = "holder_foreign"
