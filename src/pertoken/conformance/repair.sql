-- Tokens of gateway rows, from their own tags and columns.
-- Grain:   one charge in, one charge out; no cell is changed.
-- Inputs:  charges with every column that is read here (NULL where absent), their tags as JSON,
--          the token counts per kind from columns and from tags, and their totals (row_tokens.sql).
-- Gives:   the columns of the charges, and "#quantity" (tokens, NULL when not proven), "#basis",
--          "#requests" (whether the row counts 1 Requests).
SELECT
    *,
    CASE
        WHEN "#open" THEN COALESCE("#columns", "#tagged")
        ELSE TRY_CAST(CAST("x_TokenQuantity" AS VARCHAR) AS DECIMAL(38, 18))
    END AS "#quantity",
    CASE
        WHEN "#open" AND "#columns" IS NOT NULL THEN 'columns'
        WHEN "#open" AND "#tagged" IS NOT NULL THEN 'tags'
        ELSE NULLIF(CAST("x_QuantityBasis" AS VARCHAR), '')
    END AS "#basis"
FROM (
    SELECT
        *,
        {columns_total} AS "#columns",
        {tags_total} AS "#tagged",
        {counted} AS "#counted"
    FROM (
        SELECT *, {from_columns}, {from_tags}
        FROM (
            SELECT
                *,
                CASE WHEN json_valid(CAST({tags} AS VARCHAR)) THEN CAST({tags} AS VARCHAR) END AS "#tags",
                COALESCE(
                    NULLIF(CAST("x_TokenDirection" AS VARCHAR), ''),
                    {detail_direction}
                ) AS "#direction",
                COALESCE(
                    NULLIF(CAST("x_TokenCacheAction" AS VARCHAR), ''),
                    {detail_action}
                ) AS "#action",
                COALESCE(
                    "ConsumedUnit" = 'Requests'
                    AND TRY_CAST(CAST("ConsumedQuantity" AS VARCHAR) AS DECIMAL(38, 18)) = 1,
                    FALSE
                ) AS "#requests",
                COALESCE(
                    "ChargeCategory" = 'Usage'
                    AND NULLIF(CAST("x_TokenQuantity" AS VARCHAR), '') IS NULL
                    AND (
                        NULLIF(CAST("ConsumedQuantity" AS VARCHAR), '') IS NULL
                        OR TRY_CAST(CAST("ConsumedQuantity" AS VARCHAR) AS DECIMAL(38, 18)) = 1
                    )
                    AND COALESCE("ConsumedUnit", '') NOT LIKE '%Tokens',
                    FALSE
                ) AS "#open"
            FROM ({charges}) AS charges
        ) AS readable
    ) AS counted
) AS summed
