"""`xiaowu queue`: why the line stands as it does, and the policy it is run by.

Works while the server runs, which follows within a second, and without. Exit code 1: refused, and
nothing was changed.
"""

from __future__ import annotations

from typing import Annotated

import typer

from service_queue.explanation import Explanation, explain_ticket, find_ticket
from service_queue.policy_store import read_in_force
from signaling.protocol.words import Language
from xiaowu.commands import queue_estimates, queue_policy, queue_skills
from xiaowu.office import JsonOption, Office, run_in_office, show_shape
from xiaowu.server_settings import SettingsOption, load_or_exit

app = typer.Typer(no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})
app.add_typer(
    queue_policy.app, name="policy", help="The rules the line is run by, as one versioned file."
)
app.command("preview")(queue_policy.preview)
app.command("skills")(queue_skills.skills)
app.command("estimates")(queue_estimates.estimates)


@app.command("explain")
def explain(
    ticket: Annotated[str, typer.Argument(help="A ticket's id, or its number today: A012.")],
    language: Annotated[Language, typer.Option(help="zh or en.")] = Language.ZH,
    settings_file: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a ticket stands where it stands, and why it is not called yet."""
    settings = load_or_exit(settings_file)

    async def work(office: Office) -> Explanation:
        now = office.ledger.clock.now()
        return await office.ledger.read(
            lambda tx: explain_ticket(
                tx.connection,
                find_ticket(tx.connection, ticket, now),
                read_in_force(tx.connection, settings.queue, now).at(now),
                now,
            )
        )

    explained = run_in_office(settings, work)
    if as_json:
        show_shape(explained)
    else:
        words = explained.text.get(language) or explained.text[Language.ZH]
        print(f"{explained.number}  {words}")
