-- Rows of a gateway's FOCUS file that count requests where tokens were used, and hold the tokens.
-- grain: one row per charge in, one row per charge out; a column not named here passes through.
-- input: x_RepairedTokens (tokens that the row's own tags or columns hold, NULL where they do not).
-- source: docs/focus.md, "Repair"; LiteLLM issues 33551 and 33694.
SELECT
    coalesce(CAST(x_RepairedTokens AS DECIMAL(38,18)), ConsumedQuantity) AS ConsumedQuantity,
    CASE WHEN x_RepairedTokens IS NOT NULL THEN 'Tokens' ELSE ConsumedUnit END AS ConsumedUnit
FROM source
