"""What may go wrong with documents that is no judgement of one.

DocumentError
└── TextReaderMissing
"""

from __future__ import annotations


class DocumentError(Exception):
    """No document was scanned."""

    code = "document_error"


class TextReaderMissing(DocumentError):
    """The packages that read text are not installed: pip install 'xiaowu[kiosk,card]'."""

    code = "text_reader_missing"
