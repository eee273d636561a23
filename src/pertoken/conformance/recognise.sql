-- Patterns of gateway files.
-- Grain:   charges in; one row per pattern and BillingCurrency out.
-- Inputs:  charges as repair.sql gives them.
-- Gives:   pattern, BillingCurrency, rows, rows that can be repaired, their cost (currency).
WITH rows AS (
    SELECT
        NULLIF(CAST("BillingCurrency" AS VARCHAR), '') AS currency,
        COALESCE(
            TRY_CAST(CAST("EffectiveCost" AS VARCHAR) AS DECIMAL(32, 18)),
            TRY_CAST(CAST("BilledCost" AS VARCHAR) AS DECIMAL(32, 18))
        ) AS cost,
        COALESCE("#open" AND COALESCE("#columns", "#tagged") IS NOT NULL, FALSE) AS mended,
        "#requests" AND ("ServiceCategory" = 'AI and Machine Learning' OR "#counted") AS requests,
        "#open" AND "#counted" AND NOT "#requests" AS aside,
        CASE
            WHEN isfinite("#start") AND isfinite("#end")
            THEN epoch("#end") - epoch("#start") <= 86400
        END AS day_long
    FROM (
        SELECT
            *,
            TRY_CAST(CAST("BillingPeriodStart" AS VARCHAR) AS TIMESTAMP WITH TIME ZONE) AS "#start",
            TRY_CAST(CAST("BillingPeriodEnd" AS VARCHAR) AS TIMESTAMP WITH TIME ZONE) AS "#end"
        FROM ({charges}) AS charges
    ) AS timed
),

patterns AS (
    SELECT 'tokens-as-requests' AS pattern, currency, mended, cost FROM rows WHERE requests
    UNION ALL
    SELECT 'tokens-aside' AS pattern, currency, mended, cost FROM rows WHERE aside
    UNION ALL
    SELECT 'billing-period-day' AS pattern, currency, FALSE AS mended, cost FROM rows WHERE day_long
)

SELECT pattern, currency, COUNT(*), COUNT(*) FILTER (WHERE mended), SUM(cost)
FROM patterns
GROUP BY pattern, currency
ORDER BY pattern, currency NULLS FIRST
