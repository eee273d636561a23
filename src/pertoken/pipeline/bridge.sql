-- The charges of a month by what they are on the way from the invoice to the effective cost.
-- grain: BillingCurrency, Part, Movement and what says which invoice holds a charge: InvoiceId,
--        InvoiceIssuerName, PublisherName.
-- input:  bridge_charges, the charges of one month; a column that the hub does not have is NULL.
-- costs in BillingCurrency; each charge is in exactly one Part and in exactly one Movement.
-- Part, the first that fits: tax; credits; round-ups (an adjustment whose words say rounding);
--       other adjustments; purchases of commitments; marketplace (a publisher that is neither the
--       provider nor the issuer); other purchases; usage (the rest, its corrections included).
-- Movement, for EffectiveCost less BilledCost: purchases out; amortisation in (what a commitment
--       covers or leaves unused); other effective cost (the rest, 0 in a sound export).
-- source: FOCUS 1.2, ChargeCategory, EffectiveCost, PublisherName; docs/native-exports.md.
SELECT
    BillingCurrency AS BillingCurrency,
    Part AS Part,
    Movement AS Movement,
    InvoiceId AS InvoiceId,
    InvoiceIssuerName AS InvoiceIssuerName,
    PublisherName AS PublisherName,
    sum(BilledCost) AS BilledCost,
    sum(EffectiveCost) AS EffectiveCost
FROM (
    SELECT
        BillingCurrency, InvoiceId, InvoiceIssuerName, PublisherName, BilledCost, EffectiveCost,
        CASE
            WHEN ChargeCategory = 'Tax' THEN 'tax'
            WHEN ChargeCategory = 'Credit' THEN 'credits'
            WHEN ChargeCategory = 'Adjustment' AND regexp_matches(lower(concat_ws(' ', x_ChargeType, ChargeDescription, SkuMeter, x_SkuDescription)), 'round') THEN 'round-ups'
            WHEN ChargeCategory = 'Adjustment' THEN 'other adjustments'
            WHEN ChargeCategory = 'Purchase' AND (CommitmentDiscountId IS NOT NULL OR PricingCategory = 'Committed') THEN 'purchases of commitments'
            WHEN x_PublisherCategory = 'Vendor' THEN 'marketplace'
            WHEN x_PublisherCategory IS NULL AND PublisherName IS NOT NULL AND coalesce(ProviderName, InvoiceIssuerName) IS NOT NULL
                AND NOT starts_with(lower(PublisherName), lower(coalesce(ProviderName, InvoiceIssuerName)))
                AND NOT starts_with(lower(PublisherName), lower(coalesce(InvoiceIssuerName, ProviderName))) THEN 'marketplace'
            WHEN ChargeCategory = 'Purchase' THEN 'other purchases'
            ELSE 'usage'
        END AS Part,
        CASE
            WHEN ChargeCategory = 'Purchase' THEN 'purchases out'
            WHEN CommitmentDiscountId IS NOT NULL OR PricingCategory = 'Committed' THEN 'amortisation in'
            ELSE 'other effective cost'
        END AS Movement
    FROM bridge_charges
) AS charges
GROUP BY BillingCurrency, Part, Movement, InvoiceId, InvoiceIssuerName, PublisherName
ORDER BY BillingCurrency, Part, Movement, InvoiceId, InvoiceIssuerName, PublisherName
