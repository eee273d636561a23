"""The statements room: what a team is charged for a month, as a document that stays what it was.

`document` makes one from figures; `life` says what may become of it; `chain` keeps every step in a
log in which nothing can be changed unseen; `journal` books it; views, workbook and print show it.

Source: docs/statements.md.
"""

from pertoken.statements.chain import (
    EVENT_COLUMNS,
    Event,
    canonical_json,
    check_chain,
    digest,
    next_event,
    require_chain,
)
from pertoken.statements.document import BASES, Booked, Line, Method, Subject, document
from pertoken.statements.figures import Figures, Key, Part, line_amounts, summed, team_totals
from pertoken.statements.journal import JOURNAL_COLUMNS, Accounts, Posting, journal_table
from pertoken.statements.life import (
    BOOKED_STATES,
    OUTCOMES,
    Statement,
    booked_statements,
    statements_of,
)
from pertoken.statements.rate_card import RateCard, parse_rate_card
from pertoken.statements.views import LIST_COLUMNS, VIEWS, line_columns, list_table, view_table

__all__ = [
    "BASES",
    "BOOKED_STATES",
    "EVENT_COLUMNS",
    "JOURNAL_COLUMNS",
    "LIST_COLUMNS",
    "OUTCOMES",
    "VIEWS",
    "Accounts",
    "Booked",
    "Event",
    "Figures",
    "Key",
    "Line",
    "Method",
    "Part",
    "Posting",
    "RateCard",
    "Statement",
    "Subject",
    "booked_statements",
    "canonical_json",
    "check_chain",
    "digest",
    "document",
    "journal_table",
    "line_amounts",
    "line_columns",
    "list_table",
    "next_event",
    "parse_rate_card",
    "require_chain",
    "statements_of",
    "summed",
    "team_totals",
    "view_table",
]
