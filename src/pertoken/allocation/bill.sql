-- The AI charges that are split: what a meter, resource and day cost, in whole units of 10^-18 of the currency.
-- grain: ChargeDate, BillingCurrency, resource, meter, tags, charge kind.
-- input: token_costs (or a relation like it), meters. CostUnits and TokenCostUnits x 10^18, QuantityUnits x 10^12 (tokens), as DECIMAL(38,0).
-- Further columns of token_costs may come beside; a row is then of one value of each.
-- UnitHours: units x hours of used capacity, NULL where a row of it states none. RegionId: where the resource is.
-- Kind: Uncached, Read, Write, Output (tokens of calls), Capacity (provisioned and used), or why no call explains it:
-- UnusedReservation, Correction, UnreadMeter, UnprovenQuantity, NoCallEvidence.
WITH charges AS (
    SELECT
        token_costs.BillingMonth AS BillingMonth,
        token_costs.ChargeDate AS ChargeDate,
        token_costs.BillingCurrency AS BillingCurrency,
        lower(token_costs.ResourceId) AS ResourceId,
        lower(coalesce(regexp_extract(token_costs.ResourceId, '[^/]+$$'), token_costs.ResourceName)) AS ResourceName,
        token_costs.x_MeterKey AS x_MeterKey,
        token_costs.x_TagsKey AS x_TagsKey,
        token_costs.SubAccountId AS SubAccountId,
        token_costs.SubAccountName AS SubAccountName,
        token_costs.x_ResourceGroupName AS x_ResourceGroupName,
        token_costs.BillingAccountId AS BillingAccountId,
        token_costs.x_ScopeKey AS x_ScopeKey,
        token_costs.ChargeCategory AS ChargeCategory,
        token_costs.ChargeClass AS ChargeClass,
        token_costs.CommitmentDiscountStatus AS CommitmentDiscountStatus,
        min(token_costs.RegionId) AS RegionId,$more
        CASE WHEN count(*) = count(token_costs.x_UnitQuantity) THEN sum(token_costs.x_UnitQuantity) END AS AllUnits,
        sum(token_costs.EffectiveCost) AS EffectiveCost,
        coalesce(sum(CASE WHEN meters.Unit = 'Tokens' THEN token_costs.x_ProvenEffectiveCost END), 0) AS TokenCost,
        coalesce(sum(CASE WHEN meters.Unit = 'Tokens' THEN token_costs.x_UnitQuantity END), 0) AS Quantity,
        count(*) FILTER (WHERE token_costs.x_UnitQuantity IS NULL AND token_costs.EffectiveCost <> 0) AS Unproven
    FROM $costs AS token_costs
    INNER JOIN meters ON meters.x_MeterKey = token_costs.x_MeterKey
    GROUP BY
        token_costs.BillingMonth, token_costs.ChargeDate, token_costs.BillingCurrency, token_costs.ResourceId,
        token_costs.ResourceName, token_costs.x_MeterKey, token_costs.x_TagsKey, token_costs.SubAccountId,
        token_costs.SubAccountName, token_costs.x_ResourceGroupName, token_costs.BillingAccountId,
        token_costs.x_ScopeKey, token_costs.ChargeCategory, token_costs.ChargeClass,
        token_costs.CommitmentDiscountStatus$more_keys
),
read_charges AS (
    SELECT
        charges.*,
        lower(meters.x_ModelId) AS Model,
        meters.x_ModelVersion AS Version,
        concat_ws('/', meters.x_DeploymentScope, meters.x_ServiceTier, CASE WHEN meters.x_FineTuned THEN 'fine-tuned' END) AS Sku,
        meters.x_MeterUse AS MeterUse,
        CASE
            WHEN charges.CommitmentDiscountStatus = 'Unused' THEN 'UnusedReservation'
            WHEN charges.ChargeClass = 'Correction' THEN 'Correction'
            WHEN meters.x_MeterStatus <> 'recognised' THEN 'UnreadMeter'
            WHEN meters.x_MeterUse = 'Capacity' AND charges.ChargeCategory = 'Usage' THEN 'Capacity'
            WHEN meters.Unit IS DISTINCT FROM 'Tokens' OR meters.x_MeterUse <> 'Inference' OR charges.ChargeCategory <> 'Usage'
                THEN 'NoCallEvidence'
            WHEN charges.Unproven > 0 THEN 'UnprovenQuantity'
            WHEN meters.x_TokenDirection = 'Output' THEN 'Output'
            WHEN meters.x_TokenCacheAction IN ('Read', 'Write') THEN meters.x_TokenCacheAction
            WHEN meters.x_TokenDirection = 'Input' THEN 'Uncached'
            ELSE 'NoCallEvidence'
        END AS Kind
    FROM charges
    INNER JOIN meters ON meters.x_MeterKey = charges.x_MeterKey
)
SELECT
    row_number() OVER (ORDER BY ChargeDate, BillingCurrency, ResourceId, x_MeterKey, x_TagsKey, x_ScopeKey, SubAccountId,
        x_ResourceGroupName, BillingAccountId, ChargeCategory, ChargeClass, CommitmentDiscountStatus$more_order) AS Bill,
    * EXCLUDE (EffectiveCost, TokenCost, Quantity, Unproven, Version, AllUnits),
    CASE WHEN Kind = 'Capacity' THEN AllUnits END AS UnitHours,
    CASE
        WHEN Kind IN ('Uncached', 'Read', 'Write', 'Output') THEN concat_ws('/', Model,
            CASE WHEN count(*) FILTER (WHERE Version IS NULL) OVER (PARTITION BY BillingMonth, ResourceId, Model) = 0 THEN Version END, Sku)
        WHEN Kind = 'Capacity' THEN 'Capacity'
    END AS Offering,
    CAST(CAST(replace(CAST(CAST(EffectiveCost AS DECIMAL(38,18)) AS VARCHAR), '.', '') AS HUGEINT) AS DECIMAL(38,0)) AS CostUnits,
    CAST(CAST(replace(CAST(CAST(TokenCost AS DECIMAL(38,18)) AS VARCHAR), '.', '') AS HUGEINT) AS DECIMAL(38,0)) AS TokenCostUnits,
    CAST(CAST(replace(CAST(CAST(Quantity AS DECIMAL(38,12)) AS VARCHAR), '.', '') AS HUGEINT) AS DECIMAL(38,0)) AS QuantityUnits,
    CAST(round(Quantity) AS BIGINT) AS Tokens
FROM read_charges
