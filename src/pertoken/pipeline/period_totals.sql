-- What each scope and month holds, all charges.
-- grain: BillingCurrency of the charges of one scope and month.
-- input:  charges (one scope and month).
-- costs in BillingCurrency, a sum of nothing is NULL; days are UTC days of ChargePeriodStart.
-- x_WithoutListCost / x_WithoutContractedCost: usage charges with a cost whose list or contracted
-- cost is not known.
SELECT
    BillingCurrency AS BillingCurrency,
    count(*) AS "Rows",
    sum(BilledCost) AS BilledCost,
    sum(EffectiveCost) AS EffectiveCost,
    sum(ListCost) AS ListCost,
    sum(ContractedCost) AS ContractedCost,
    CAST(min(ChargePeriodStart) AS DATE) AS FirstDay,
    CAST(max(ChargePeriodStart) AS DATE) AS LastDay,
    count(DISTINCT CAST(ChargePeriodStart AS DATE)) AS DaysWithCharges,
    count(CASE WHEN ListCost IS NULL AND ChargeCategory = 'Usage' AND EffectiveCost <> 0 THEN 1 END) AS x_WithoutListCost,
    count(CASE WHEN ContractedCost IS NULL AND ChargeCategory = 'Usage' AND EffectiveCost <> 0 THEN 1 END) AS x_WithoutContractedCost
FROM charges
GROUP BY BillingCurrency
