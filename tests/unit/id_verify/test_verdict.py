from __future__ import annotations

import base64
import json
import subprocess
import sys
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from id_verify.evidence.errors import (
    ConsentMissing,
    GuardianMissing,
    HolderForeign,
    SignatureWrong,
    VerdictMalformed,
)
from id_verify.evidence.holder import holder_digest, mask_name, mask_number
from id_verify.evidence.signature import PREFIX, signed, verified
from id_verify.evidence.verdict import canonical, read_verdict
from signaling.protocol.identity import GuardianRelation, IdentityGrade, IdentityWay, SubmitVerdict
from tests.support.evidence import (
    NAME,
    NUMBER,
    card,
    consent,
    evidence,
    face,
    holder,
    verdict,
    without_face,
)

pytestmark = pytest.mark.unit

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()


def sign(text: bytes) -> str:
    return base64.urlsafe_b64encode(KEY.sign(text)).decode().rstrip("=")


def test_a_verdict_is_read_back_from_the_one_text_it_has() -> None:
    made = verdict()
    assert read_verdict(canonical(made)) == made
    assert made.grade is IdentityGrade.CLEAR
    assert made.proven_age == 76


def test_any_other_text_of_the_same_verdict_is_refused() -> None:
    text = canonical(verdict())
    for other in (
        text.replace(",", ", ", 1),
        json.dumps(json.loads(text)),
        text.replace('"form":1', '"form":1,"form":1'),
        json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")),
    ):
        assert json.loads(other) == json.loads(text)
        with pytest.raises(VerdictMalformed):
            read_verdict(other)


def test_what_is_malformed_is_not_quoted() -> None:
    with pytest.raises(VerdictMalformed) as refused:
        read_verdict(canonical(verdict()).replace('"form":1', f'"form":"{NUMBER}"'))
    assert NUMBER not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    "values",
    [
        {"consent": None},
        {"way": IdentityWay.NO_FACE},
        {"way": IdentityWay.NO_FACE, "found": evidence(face=None)},
    ],
    ids=["face without consent", "face on the way without", "witness on the way without"],
)
def test_no_face_is_looked_at_without_consent(values: dict[str, Any]) -> None:
    with pytest.raises(ConsentMissing):
        verdict(**values)


def test_a_childs_face_is_not_looked_at_without_a_guardian() -> None:
    child = evidence(card=card(age=13, birth_year=2012))
    with pytest.raises(GuardianMissing):
        verdict(found=child)
    assert verdict(found=child, consent=consent(guardian=GuardianRelation.PARENT))


def test_the_way_without_a_face_needs_no_consent() -> None:
    assert verdict(**without_face()).grade is IdentityGrade.MANUAL


def test_a_face_that_was_compared_comes_with_a_deletion_receipt() -> None:
    with pytest.raises(ValidationError, match="overwritten"):
        verdict(wiped=None)
    assert verdict(found=evidence(face=None, alive=None), wiped=None)


def test_a_signed_verdict_is_verified() -> None:
    owner = holder()
    made = verdict(holder=owner)
    assert verified(signed(made, sign, owner), PUBLIC) == made


def test_nothing_may_be_changed_after_signing() -> None:
    owner = holder()
    sent = signed(verdict(holder=owner), sign, owner)
    other_holder = holder(number="440524188001010014")
    text = sent.verdict
    for change, refusal in (
        ({"verdict": text.replace('"band":"match"', '"band":"no"')}, SignatureWrong),
        ({"verdict": text.replace('"ticket_id":"t1"', '"ticket_id":"t2"')}, SignatureWrong),
        ({"signature": sign(b"something else")}, SignatureWrong),
        ({"signature": sign(text.encode())}, SignatureWrong),
        ({"kiosk_id": "K02"}, SignatureWrong),
        ({"holder": other_holder}, HolderForeign),
        ({"holder": None}, HolderForeign),
        ({"holder": owner.model_copy(update={"salt": "a" * 43})}, HolderForeign),
    ):
        with pytest.raises(refusal):
            verified(sent.model_copy(update=change), PUBLIC)


def test_another_kiosks_key_verifies_nothing() -> None:
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(SignatureWrong):
        verified(signed(verdict(), sign), other)


def test_a_signature_is_looked_at_before_the_text_is() -> None:
    with pytest.raises(SignatureWrong):
        verified(
            SubmitVerdict(kiosk_id="K01", verdict="no JSON", signature=sign(b"no JSON")), PUBLIC
        )
    with pytest.raises(VerdictMalformed):
        verified(
            SubmitVerdict(kiosk_id="K01", verdict="no JSON", signature=sign(PREFIX + b"no JSON")),
            PUBLIC,
        )


def test_a_verdict_names_nobody() -> None:
    owner = holder()
    text = canonical(verdict(holder=owner))
    assert NAME not in text
    assert NUMBER not in text
    assert owner.salt not in text
    assert holder_digest(owner) in text
    assert holder_digest(holder()) != holder_digest(holder()), "the salt is fresh each time"


def test_what_is_personal_is_in_no_repr() -> None:
    owner = holder()
    sent = signed(verdict(holder=owner), sign, owner)
    for shown in (repr(owner), repr(sent), repr(card())):
        assert NAME not in shown
        assert NUMBER not in shown
        assert mask_number(NUMBER) not in shown


@pytest.mark.parametrize(
    "values",
    [{"masked_name": NAME}, {"masked_number": NUMBER}, {"masked_number": "11010519491231****"}],
)
def test_a_card_cannot_bring_more_than_its_mask_shows(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        card(**values)


@pytest.mark.parametrize(
    ("name", "masked"), [("张三", "张*"), ("张三丰", "张**"), ("甲", "甲*"), ("", "")]
)
def test_a_name_is_masked_but_for_its_first_character(name: str, masked: str) -> None:
    assert mask_name(name) == masked


def test_a_number_is_masked_but_for_its_last_four() -> None:
    assert mask_number(NUMBER) == "**************002X"
    assert mask_number("") == ""


def test_similarity_of_no_comparison_is_none() -> None:
    assert verdict(found=evidence(face=face(None, "no_face"))).grade is IdentityGrade.UNSURE


def test_evidence_needs_no_picture_library() -> None:
    code = (
        "import sys, id_verify.evidence.signature, id_verify.evidence.holder;"
        "print([m for m in ('numpy', 'cv2', 'onnxruntime', 'dlib') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
