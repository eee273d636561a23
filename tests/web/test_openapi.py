"""The API against its own document: every answer is documented, none is an unforeseen error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

if TYPE_CHECKING:
    from serving import Served

schemathesis = pytest.importorskip("schemathesis", reason="the group web-test is missing")
checks = pytest.importorskip("schemathesis.specs.openapi.checks")
EXAMPLES = 2
LONGEST_ADDRESS = 8_000
"""Characters; a server ends the connection of a longer address before any route is asked."""


@pytest.mark.parametrize("valid", [True, False], ids=["valid", "invalid"])
def test_every_answer_is_as_documented(served: Served, *, valid: bool) -> None:
    """Parameters that keep the document, and parameters that break it."""
    mode = schemathesis.GenerationMode.POSITIVE if valid else schemathesis.GenerationMode.NEGATIVE
    document = schemathesis.openapi.from_url(f"{served.address}/api/openapi.json")
    asked = 0
    for found in document.get_all_operations():
        operation = found.ok()
        try:
            cases = operation.as_strategy(generation_mode=mode)

            @settings(
                max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(case=cases)
            def answers_as_documented(case: schemathesis.Case) -> None:
                nonlocal asked
                if len(str(case.query)) > LONGEST_ADDRESS:
                    return
                response = case.call(base_url=served.address, timeout=120)
                asked += 1
                assert response.status_code < 500, (case.path, response.text)
                case.validate_response(
                    response,
                    checks=[
                        schemathesis.checks.not_a_server_error,
                        checks.status_code_conformance,
                        checks.content_type_conformance,
                        checks.response_schema_conformance,
                    ],
                )

            answers_as_documented()
        except Unsatisfiable:
            continue  # no parameter of this route can be broken
    assert asked > EXAMPLES * 8
