"""The claim over the API: its lines, and the files that `pertoken reconcile --claim` writes.

Source: docs/page.md, "The API"; docs/reconciliation.md, "The claim".
"""

# FastAPI reads the annotations of the functions made below, so they are no strings here.
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from pertoken.claims import Claim
from pertoken.engine import Engine
from pertoken.errors import HubError
from pertoken.pipeline.audience import SeenRelations
from pertoken.pipeline.claim_view import claim_files, hub_claim
from pertoken.web.answers import FILE_TYPES, file_name, finished, json_body, table_content
from pertoken.web.attribution import PeriodParameters, nothing_kept, whole_bill
from pertoken.web.desk import Desk
from pertoken.web.models import FILE_RESPONSES, ClaimAnswer
from pertoken.web.people import Person
from pertoken.web.store import Body

_TYPES = {"csv": FILE_TYPES["csv"], "pdf": "application/pdf"}
_RESPONSES = {
    **FILE_RESPONSES,
    200: {"description": "A file of the claim.",
          "content": {kind.split(";")[0]: {} for kind in _TYPES.values()}},
}  # fmt: skip


class ClaimParameters(PeriodParameters):
    """The period that is claimed, and who claims."""

    claimant: str | None = Field(
        default=None, min_length=1, max_length=200, description="Who claims, as the page says it."
    )


def claim_routes(desk: Desk) -> APIRouter:
    """The routes of the claim: as rows, and each of its files."""
    router = APIRouter(prefix="/api", tags=["tables"], dependencies=[Depends(desk.known)])

    @router.get(
        "/claim", response_model=ClaimAnswer, responses=FILE_RESPONSES, operation_id="claim",
        summary="What can be claimed of the provider, and its sums. Not for a team.",
    )  # fmt: skip
    async def lines(request: Request, asked: Annotated[ClaimParameters, Query()]) -> Response:
        person = desk.identify(request)

        def question(engine: Engine, relations: SeenRelations) -> Body:
            claim = _claim(engine, relations, asked, person)
            return json_body({
                "commit": relations.snapshot.commit_id,
                **table_content(claim.table(), limit=len(claim.lines)),
                "claimed": [
                    {"BillingCurrency": currency, "GapCost": cost}
                    for currency, cost in claim.totals().items()
                ],
                "others": len(claim.others),
                "provider": claim.provider,
            })  # fmt: skip

        return await desk.answer(request, person, question)

    async def file(request: Request, name: str, asked: ClaimParameters) -> Response:
        person = desk.identify(request)
        stem, _, extension = name.partition(".")
        kept_as = file_name(stem, *asked.days(), extension)
        headers = {"Content-Disposition": f'attachment; filename="{kept_as}"'}

        def question(engine: Engine, relations: SeenRelations) -> Body:
            content = claim_files(_claim(engine, relations, asked, person))[name]
            return finished(content, _TYPES[extension])

        return await desk.answer(request, person, question, headers)

    @router.get(
        "/claim.{ending}", response_class=Response, responses=_RESPONSES,
        operation_id="claim_file",
        summary="A file of the claim: `pertoken reconcile --claim`. Not for a team.",
    )  # fmt: skip
    async def claimed(
        request: Request,
        ending: Literal["csv", "pdf"],
        asked: Annotated[ClaimParameters, Query()],
    ) -> Response:
        return await file(request, f"claim.{ending}", asked)

    @router.get(
        "/not-claimed.csv", response_class=Response, responses=_RESPONSES,
        operation_id="not_claimed_file",
        summary="The exceptions that are not claimed, each with why. Not for a team.",
    )  # fmt: skip
    async def not_claimed(request: Request, asked: Annotated[ClaimParameters, Query()]) -> Response:
        return await file(request, "not-claimed.csv", asked)

    return router


def _claim(
    engine: Engine, relations: SeenRelations, asked: ClaimParameters, person: Person
) -> Claim:
    whole_bill(person)
    start, end = asked.days()
    try:
        return hub_claim(engine, relations, start=start, end=end, claimant=asked.claimant)
    except HubError as error:
        raise nothing_kept(relations, error) from error
