"""The desk: takes a question to the hub, gives the response, asks nothing twice.

Source: docs/decisions/0020-the-page.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation

from pertoken.web.answers import etag_of, not_modified, response_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.responses import Response

    from pertoken.web.people import Person
    from pertoken.web.store import Body, HubReader, Question


class Desk:
    """Answers requests from a hub, and knows who asks."""

    def __init__(self, reader: HubReader, identify: Callable[[Request], Person]) -> None:
        self.reader = reader
        self.identify = identify

    async def known(self, request: Request) -> None:
        """Raise SignInNeeded or Forbidden before a request is read any further."""
        self.identify(request)

    async def answer(
        self,
        request: Request,
        person: Person,
        question: Question[Body],
        headers: Mapping[str, str] | None = None,
        *,
        variant: str = "",
    ) -> Response:
        """The answer to a question: 304 where the client holds it, else from the cache or new.

        Takes:   variant, what else of the request the answer depends on, beside path and query.
        """
        snapshot = await self.reader.snapshot()
        query = sorted(request.query_params.multi_items())
        saved = self.reader.saved()
        key = (snapshot.commit_id, saved, person.key, request.url.path, repr(query), variant)
        etag = etag_of(key)
        if (held := not_modified(request, etag)) is not None:
            return held
        body = await self.reader.body(key, person.audience, question)
        return response_of(request, body, etag, headers)
