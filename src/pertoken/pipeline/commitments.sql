-- What each commitment (reservation, savings plan) cost and covered, month by month.
-- grain: commitment, BillingMonth and BillingCurrency; and, with CommitmentDiscountId NULL, one row
--        per meter of several commitments whose use beyond them cannot be told apart.
-- input:  charges.
-- costs in BillingCurrency: PurchasedCost and RefundedCost are BilledCost, UsedCost and UnusedCost
-- EffectiveCost, OverageCost is EffectiveCost of the same meters at their own price in that month.
-- quantities in priced blocks of PricingUnit. BalanceCost: bought less used and unused, up to and
-- with the month; NULL where no purchase is known, for then it is not known what was bought.
-- A purchase may name the order and not the reservation; then the order is the commitment.
-- source: FOCUS 1.2, CommitmentDiscountStatus and EffectiveCost; docs/native-exports.md.
WITH committed AS (
    SELECT
        lower(CommitmentDiscountId) AS CommitmentDiscountId,
        CommitmentDiscountName AS CommitmentDiscountName,
        CommitmentDiscountType AS CommitmentDiscountType,
        x_ScopeKey AS x_ScopeKey,
        BillingMonth AS BillingMonth,
        BillingCurrency AS BillingCurrency,
        ChargeCategory AS ChargeCategory,
        ChargeClass AS ChargeClass,
        CommitmentDiscountStatus AS CommitmentDiscountStatus,
        coalesce(x_SkuMeterId, SkuMeter) AS MeterId,
        SkuMeter AS SkuMeter,
        BilledCost AS BilledCost,
        EffectiveCost AS EffectiveCost,
        PricingQuantity AS PricingQuantity,
        PricingUnit AS PricingUnit,
        regexp_extract(lower(CommitmentDiscountId), '^(.*/(reservationorders|savingsplanorders)/[^/]+)', 1) AS OrderId,
        CASE WHEN regexp_matches(lower(CommitmentDiscountId), '/(reservations|savingsplans)/[^/]+$') THEN 1 ELSE 0 END AS NamesOne
    FROM charges
    WHERE CommitmentDiscountId IS NOT NULL
),
keyed AS (
    SELECT
        committed.*,
        CASE
            WHEN OrderId <> '' AND min(NamesOne) OVER (PARTITION BY OrderId) = 0 THEN OrderId
            ELSE CommitmentDiscountId
        END AS CommitmentId
    FROM committed
),
covered AS (
    SELECT
        x_ScopeKey AS x_ScopeKey,
        BillingMonth AS BillingMonth,
        BillingCurrency AS BillingCurrency,
        MeterId AS MeterId,
        CASE WHEN count(DISTINCT CommitmentId) = 1 THEN min(CommitmentId) END AS CommitmentId
    FROM keyed
    WHERE CommitmentDiscountStatus IN ('Used', 'Unused') AND MeterId IS NOT NULL
    GROUP BY x_ScopeKey, BillingMonth, BillingCurrency, MeterId
),
overage AS (
    SELECT
        covered.CommitmentId AS CommitmentId,
        charges.BillingMonth AS BillingMonth,
        charges.BillingCurrency AS BillingCurrency,
        CASE WHEN covered.CommitmentId IS NULL THEN charges.SkuMeter END AS SkuMeter,
        sum(charges.EffectiveCost) AS OverageCost,
        sum(charges.PricingQuantity) AS OverageQuantity,
        min(charges.PricingUnit) AS PricingUnit
    FROM charges
    INNER JOIN covered
        ON covered.x_ScopeKey = charges.x_ScopeKey
        AND covered.BillingMonth = charges.BillingMonth
        AND covered.BillingCurrency = charges.BillingCurrency
        AND covered.MeterId = coalesce(charges.x_SkuMeterId, charges.SkuMeter)
    WHERE charges.CommitmentDiscountId IS NULL AND charges.ChargeCategory = 'Usage'
    GROUP BY covered.CommitmentId, charges.BillingMonth, charges.BillingCurrency,
        CASE WHEN covered.CommitmentId IS NULL THEN charges.SkuMeter END
),
months AS (
    SELECT
        CommitmentId AS CommitmentId,
        BillingMonth AS BillingMonth,
        BillingCurrency AS BillingCurrency,
        max(CommitmentDiscountName) AS CommitmentDiscountName,
        max(CommitmentDiscountType) AS CommitmentDiscountType,
        CASE WHEN count(DISTINCT SkuMeter) = 1 THEN min(SkuMeter) END AS SkuMeter,
        CASE WHEN count(DISTINCT PricingUnit) = 1 THEN min(PricingUnit) END AS PricingUnit,
        count(CASE WHEN ChargeCategory = 'Purchase' THEN 1 END) AS Purchases,
        sum(CASE WHEN ChargeCategory = 'Purchase' AND coalesce(ChargeClass, '') <> 'Correction' THEN BilledCost ELSE 0 END) AS PurchasedCost,
        sum(CASE WHEN ChargeCategory = 'Purchase' AND ChargeClass = 'Correction' THEN BilledCost ELSE 0 END) AS RefundedCost,
        sum(CASE WHEN CommitmentDiscountStatus = 'Used' THEN EffectiveCost ELSE 0 END) AS UsedCost,
        sum(CASE WHEN CommitmentDiscountStatus = 'Unused' THEN EffectiveCost ELSE 0 END) AS UnusedCost,
        sum(CASE WHEN CommitmentDiscountStatus = 'Used' THEN PricingQuantity ELSE 0 END) AS UsedQuantity,
        sum(CASE WHEN CommitmentDiscountStatus = 'Unused' THEN PricingQuantity ELSE 0 END) AS UnusedQuantity
    FROM keyed
    GROUP BY CommitmentId, BillingMonth, BillingCurrency
),
balanced AS (
    SELECT
        months.*,
        sum(PurchasedCost + RefundedCost - UsedCost - UnusedCost) OVER (PARTITION BY CommitmentId, BillingCurrency ORDER BY BillingMonth) AS Balance,
        sum(Purchases) OVER (PARTITION BY CommitmentId, BillingCurrency ORDER BY BillingMonth) AS PurchasesSoFar
    FROM months
)
SELECT
    balanced.BillingMonth AS BillingMonth,
    balanced.CommitmentId AS CommitmentDiscountId,
    balanced.CommitmentDiscountName AS CommitmentDiscountName,
    balanced.CommitmentDiscountType AS CommitmentDiscountType,
    balanced.SkuMeter AS SkuMeter,
    balanced.BillingCurrency AS BillingCurrency,
    balanced.PurchasedCost AS PurchasedCost,
    balanced.RefundedCost AS RefundedCost,
    balanced.UsedCost AS UsedCost,
    balanced.UnusedCost AS UnusedCost,
    coalesce(overage.OverageCost, 0) AS OverageCost,
    balanced.UsedQuantity AS UsedQuantity,
    balanced.UnusedQuantity AS UnusedQuantity,
    coalesce(overage.OverageQuantity, 0) AS OverageQuantity,
    balanced.PricingUnit AS PricingUnit,
    CASE WHEN balanced.PurchasesSoFar > 0 THEN balanced.Balance END AS BalanceCost
FROM balanced
LEFT JOIN overage
    ON overage.CommitmentId = balanced.CommitmentId
    AND overage.BillingMonth = balanced.BillingMonth
    AND overage.BillingCurrency = balanced.BillingCurrency
UNION ALL
SELECT
    BillingMonth AS BillingMonth,
    CAST(NULL AS VARCHAR) AS CommitmentDiscountId,
    CAST(NULL AS VARCHAR) AS CommitmentDiscountName,
    CAST(NULL AS VARCHAR) AS CommitmentDiscountType,
    SkuMeter AS SkuMeter,
    BillingCurrency AS BillingCurrency,
    0 AS PurchasedCost,
    0 AS RefundedCost,
    0 AS UsedCost,
    0 AS UnusedCost,
    OverageCost AS OverageCost,
    0 AS UsedQuantity,
    0 AS UnusedQuantity,
    OverageQuantity AS OverageQuantity,
    PricingUnit AS PricingUnit,
    CAST(NULL AS DECIMAL(38,18)) AS BalanceCost
FROM overage
WHERE CommitmentId IS NULL
ORDER BY BillingMonth, CommitmentDiscountId, BillingCurrency, SkuMeter
