-- The days on which a scope charges the use of a subscription that another scope charges as well.
-- grain: BillingMonth, SubAccountId, x_ScopeKey.
-- input:  shared_charges: the charges of such subscriptions and months.
-- FirstDay and LastDay are UTC days of usage; purchases and taxes are dated by other rules.
SELECT
    BillingMonth AS BillingMonth,
    lower(SubAccountId) AS SubAccountId,
    x_ScopeKey AS x_ScopeKey,
    CAST(min(ChargePeriodStart) AS DATE) AS FirstDay,
    CAST(max(ChargePeriodStart) AS DATE) AS LastDay
FROM shared_charges
WHERE ChargeCategory = 'Usage'
GROUP BY BillingMonth, lower(SubAccountId), x_ScopeKey
ORDER BY BillingMonth, SubAccountId, x_ScopeKey
