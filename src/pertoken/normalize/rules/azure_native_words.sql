-- What the words of a native cost row say, before they are mapped to FOCUS.
-- grain: one row per native row; input: the native columns of native_headers.csv, typed; columns
-- that begin with n_ are of this room and do not leave it.
-- n_Rate: pricing currency -> billing currency, 1 where they are one, NULL where it is not stated.
-- n_Benefit: the reservation or savings plan; a schema without BenefitId has the order and the id.
-- source: Microsoft Learn, cost and usage details (ChargeType, PricingModel, BenefitId); FinOps
--         toolkit, convert cost data to FOCUS; both read 2026-05-20.
SELECT
    lower(replace(coalesce(ChargeType, 'Usage'), ' ', '')) AS n_Charge,
    lower(replace(coalesce(PricingModel, ''), ' ', '')) AS n_Model,
    CASE
        WHEN BenefitId IS NOT NULL THEN BenefitId
        WHEN ReservationId LIKE '%/%' OR ProductOrderId IS NULL THEN ReservationId
        WHEN ReservationId = ProductOrderId THEN '/providers/Microsoft.Capacity/reservationOrders/' || ProductOrderId || '/reservations/'
        WHEN ReservationId IS NOT NULL THEN '/providers/Microsoft.Capacity/reservationOrders/' || ProductOrderId || '/reservations/' || ReservationId
    END AS n_Benefit,
    CASE
        WHEN PricingCurrency IS NULL OR upper(PricingCurrency) = upper(BillingCurrency) THEN CAST(1 AS DECIMAL(38,18))
        WHEN ExchangeRate > 0 THEN ExchangeRate
    END AS n_Rate,
    lower(replace(replace(ResourceLocation, ' ', ''), '-', '')) AS n_Location,
    lower(regexp_extract(ResourceId, '(?i).*/providers/(.*)$', 1)) AS n_Path,
    lower(ConsumedService) AS n_ConsumedService,
    lower(MeterCategory) AS n_MeterCategory,
    lower(ServiceFamily) AS n_ServiceFamily,
    lower(trim(regexp_replace(UnitOfMeasure, '^\s*[0-9]+\s?([KM]|Million)?(\s|/|$)', '\2'))) AS n_UnitWords,
    TRY_CAST(regexp_extract(UnitOfMeasure, '^\s*([0-9]{1,9})', 1) AS DECIMAL(12,3)) AS n_UnitNumber,
    regexp_extract(UnitOfMeasure, '^\s*[0-9]+\s?(K|M|Million)(\s|/|$)', 1) AS n_UnitScale,
    SubscriptionId IS NOT NULL AND lower(SubscriptionId) NOT IN ('unassigned', '00000000-0000-0000-0000-000000000000') AS n_HasSubscription
FROM source
