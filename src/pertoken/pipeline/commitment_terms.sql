-- When each commitment was first bought (later rows are its instalments), and for how many months.
-- grain: commitment and BillingCurrency. input: charges.
-- Term in months, of x_SkuTerm as a number of months or as P1M, P1Y, P3Y; commitments whose term
-- is not stated are left out. Refunded purchases (less than 0) do not count.
WITH bought AS (
    SELECT
        lower(charges.CommitmentDiscountId) AS CommitmentDiscountId,
        charges.CommitmentDiscountName AS CommitmentDiscountName,
        charges.BillingCurrency AS BillingCurrency,
        CAST(charges.ChargePeriodStart AS DATE) AS Bought,
        CASE
            WHEN regexp_matches(upper(charges.x_SkuTerm), '^P[0-9]+Y$')
                THEN 12 * CAST(regexp_extract(upper(charges.x_SkuTerm), '[0-9]+') AS INTEGER)
            WHEN regexp_matches(upper(charges.x_SkuTerm), '^P?[0-9]{1,3}M?$')
                THEN CAST(regexp_extract(upper(charges.x_SkuTerm), '[0-9]+') AS INTEGER)
        END AS Term
    FROM charges
    WHERE charges.ChargeCategory = 'Purchase' AND charges.CommitmentDiscountId IS NOT NULL AND charges.BilledCost > 0
)
SELECT
    bought.CommitmentDiscountId AS CommitmentDiscountId,
    min(bought.CommitmentDiscountName) AS CommitmentDiscountName,
    bought.BillingCurrency AS BillingCurrency,
    min(bought.Bought) AS Bought,
    max(bought.Term) AS Term
FROM bought
WHERE bought.Term IS NOT NULL AND bought.Term > 0
GROUP BY bought.CommitmentDiscountId, bought.BillingCurrency
ORDER BY bought.CommitmentDiscountId, bought.BillingCurrency
