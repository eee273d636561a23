-- What the rules of an export share.
-- Grain:   one charge in, one charge out.
-- Inputs:  cells, the charges with every column that a rule may ask for, as its type (NULL where
--          absent); the pairs that the model of a charge adds to SkuPriceDetails; the pairs it has.
-- Gives:   the cells, and "#service" (the offering), "#given" and "#generative" (subcategory of other
--          charges of the service; whether it has token rows), "#consumes", "#tokens" (tokens, NULL
--          when not proven), "#inverse_block" (1 / block, so that no quotient is needed: blocks are
--          powers of ten), "#details" and "#model_details" (JSON objects).
WITH "#cells" AS (
    SELECT
        *,
        -- A marketplace meter's category is the marketplace; its subcategory is the product.
        COALESCE(
            ServiceName,
            CASE WHEN x_SkuMeterCategory = 'Azure Marketplace' THEN x_SkuMeterSubcategory END,
            x_SkuMeterCategory,
            ProviderName,
            ServiceProviderName
        ) AS "#service",
        ChargeCategory = 'Usage' AND CommitmentDiscountStatus IS DISTINCT FROM 'Unused' AS "#consumes"
    FROM ({cells}) AS cells
),

"#services" AS (
    SELECT
        "#service" AS name,
        ServiceCategory AS category,
        MIN(ServiceSubcategory) AS "#given",
        BOOL_OR(x_TokenQuantity IS NOT NULL) AS "#generative"
    FROM "#cells"
    GROUP BY "#service", ServiceCategory
)

SELECT
    "#cells".*,
    "#given",
    "#generative",
    CASE WHEN "#consumes" THEN x_TokenQuantity END AS "#tokens",
    CASE x_PricingBlockSize
        WHEN 1 THEN CAST(1 AS DECIMAL(9, 8))
        WHEN 10 THEN CAST(0.1 AS DECIMAL(9, 8))
        WHEN 100 THEN CAST(0.01 AS DECIMAL(9, 8))
        WHEN 1000 THEN CAST(0.001 AS DECIMAL(9, 8))
        WHEN 10000 THEN CAST(0.0001 AS DECIMAL(9, 8))
        WHEN 100000 THEN CAST(0.00001 AS DECIMAL(9, 8))
        WHEN 1000000 THEN CAST(0.000001 AS DECIMAL(9, 8))
    END AS "#inverse_block",
    {details} AS "#details",
    json_object({pairs}) AS "#model_details"
FROM "#cells"
LEFT JOIN "#services"
    ON "#services".name IS NOT DISTINCT FROM "#cells"."#service"
    AND "#services".category IS NOT DISTINCT FROM "#cells".ServiceCategory
