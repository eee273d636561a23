-- What kind of charge a native row is.
-- grain: one row per native row; input: the columns of azure_native_words.
-- n_IsCommitment: of a reservation or savings plan, bought, used or unused. PricingModel says so;
-- schemas older than it name the reservation only.
-- n_BuysCommitment: a purchase of one or its refund; in the actual cost only.
-- source: FinOps toolkit, convert cost data to FOCUS, read 2026-05-20 (purchases and refunds with
--         PricingModel Reservation or SavingsPlan; Unused* are usage).
SELECT
    n_Model IN ('reservation', 'savingsplan') OR (n_Model = '' AND n_Benefit IS NOT NULL) AS n_IsCommitment,
    n_Charge IN ('purchase', 'refund') AND (n_Model IN ('reservation', 'savingsplan') OR (n_Model = '' AND n_Benefit IS NOT NULL)) AS n_BuysCommitment,
    n_Charge IN ('usage', 'unusedreservation', 'unusedsavingsplan') AS n_IsUsage,
    concat_ws('/', nullif(regexp_extract(n_Path, '^([^/]+/[^/]+)', 1), ''), nullif(regexp_extract(n_Path, '^[^/]+/[^/]+/[^/]+/([^/]+)', 1), ''), nullif(regexp_extract(n_Path, '^(?:[^/]+/){4}[^/]+/([^/]+)', 1), '')) AS n_ResourceType,
    n_UnitNumber * CASE n_UnitScale WHEN 'K' THEN 1000 WHEN 'M' THEN 1000000 WHEN 'Million' THEN 1000000 ELSE 1 END AS n_Block,
    CASE
        WHEN BillingAccountId LIKE '/%' THEN BillingAccountId
        WHEN BillingAccountId IS NOT NULL THEN '/providers/Microsoft.Billing/billingAccounts/' || BillingAccountId
    END AS n_Account,
    BillingProfileId IS NOT NULL AND BillingAccountId IS NOT NULL AND BillingProfileId <> BillingAccountId AS n_IsProfile,
    CASE WHEN NOT n_HasSubscription THEN NULL WHEN SubscriptionId LIKE '/%' THEN lower(SubscriptionId) ELSE '/subscriptions/' || lower(SubscriptionId) END AS n_Subscription
FROM source
