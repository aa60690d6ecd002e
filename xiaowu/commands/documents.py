"""`xiaowu documents`: papers under the document camera."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.console import Console
from rich.table import Table

from id_verify.documents.errors import TextReaderMissing
from id_verify.documents.scan import Scan, scan
from id_verify.documents.text import TextReader
from id_verify.faces.errors import PictureRefused
from id_verify.faces.picture import decode_picture

app = typer.Typer(no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})
words = Console(stderr=True, highlight=False)

REFUSED = 2


@app.callback()
def documents() -> None:
    """Papers under the document camera."""


@app.command("scan")
def scan_command(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="A photograph of a paper.")],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="OUT", help="Write the scan here.")
    ] = None,
    text: Annotated[bool, typer.Option(help="Read text to tell which way up the paper is.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find the sheet in a photograph, straighten, clean and turn it upright, and judge it."""
    cv2.setNumThreads(1)
    try:
        picture = decode_picture(image.read_bytes())
    except OSError as unreadable:
        if as_json:
            print(json.dumps({"refused": "unreadable_file"}))
        words.print(f"{image}: {unreadable.strerror}")
        sys.exit(REFUSED)
    except PictureRefused as refused:
        _print_refusal(refused, as_json=as_json)
        sys.exit(REFUSED)
    result = scan(picture, _reader() if text else None)
    # A name whose kind OpenCV cannot write raises; a folder that is not there does not.
    written = out is None or (
        cv2.haveImageWriter(str(out)) and cv2.imwrite(str(out), result.picture)
    )
    if not written:
        if as_json:
            print(json.dumps({"refused": "cannot_write"}))
        words.print(f"cannot write {out}: name a .jpg or .png in a folder that is there")
        sys.exit(REFUSED)
    if as_json:
        print(json.dumps(_as_json(result), ensure_ascii=False))
    else:
        _print(result)


def _reader() -> TextReader | None:
    try:
        return TextReader()
    except TextReaderMissing:
        words.print("No text reader here (pip install 'xiaowu[card]'): the scan is not turned.")
        return None


def _print_refusal(refused: PictureRefused, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"refused": refused.fault.value}))
    else:
        words.print(str(refused))


def _as_json(result: Scan) -> dict[str, object]:
    height, width = result.picture.shape[:2]
    corners = (
        None
        if result.corners is None
        else [[round(float(x), 1), round(float(y), 1)] for x, y in result.corners]
    )
    quality = result.quality
    return {
        "found": result.corners is not None,
        "corners": corners,
        "score": round(result.score, 3),
        "width": width,
        "height": height,
        "quarter_turns": result.quarter_turns,
        "upright_certainty": round(result.upright_certainty, 3),
        "sharpness": {
            "edge_px": None if quality.edge_px is None else round(quality.edge_px, 2),
            "letter_px": None if quality.letter_px is None else round(quality.letter_px, 1),
        },
        "glare": round(quality.glare, 4),
        "lightness": round(quality.lightness, 1),
        "complete": result.is_complete,
        "curved": result.is_curved,
        "flattened": result.flattened,
        "bow": round(result.bow, 4),
        "text_bend": None if result.bend.typical is None else round(result.bend.typical, 4),
        "faults": [fault.value for fault in result.faults],
        "advice": result.advice,
    }


def _print(result: Scan) -> None:
    table = Table(show_header=False, box=None)
    for name, value in _as_json(result).items():
        table.add_row(name, str(value))
    Console().print(table)
