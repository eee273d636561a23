-- FOCUS 1.0 names of Azure exports -> FOCUS 1.2 names.
-- grain: one row per charge in, one row per charge out; a column not named here passes through.
-- source: FOCUS 1.2 (SkuMeter, InvoiceId and PricingCurrency became FOCUS columns).
SELECT
    coalesce(SkuMeter, x_SkuMeterName) AS SkuMeter,
    coalesce(InvoiceId, x_InvoiceId) AS InvoiceId,
    coalesce(PricingCurrency, x_PricingCurrency) AS PricingCurrency
FROM source
