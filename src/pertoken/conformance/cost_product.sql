-- Whether a cost is its unit price times PricingQuantity, beyond rounding: true when it is not.
-- Grain:   one charge.
-- Inputs:  the cost (billing currency, 18 digits), its unit price, PricingQuantity, ChargeClass.
-- Gives:   NULL where price or quantity is NULL or too large to multiply exactly.
-- Allowed: half of the last digit the cost is written to (2, 6 or 10 digits), one part in 100,000
--          of the cost, half of the tenth digit of the price for each unit, and the price of half
--          a millionth of a unit.
{ChargeClass?} IS DISTINCT FROM 'Correction'
AND CASE
    WHEN {UnitPrice:number} IS NULL OR {PricingQuantity:number} IS NULL THEN FALSE
    ELSE ABS(
        TRY_CAST({UnitPrice:number} AS DECIMAL(18, 12))
        * TRY_CAST({PricingQuantity:number} AS DECIMAL(18, 6))
        - {Cost:number}
    ) > CASE
        WHEN {Cost:number} = ROUND({Cost:number}, 2) THEN 0.005
        WHEN {Cost:number} = ROUND({Cost:number}, 6) THEN 0.0000005
        ELSE 0.00000000005
    END
    + CAST(ABS(CAST({Cost:number} AS DECIMAL(24, 10))) AS DECIMAL(25, 10)) * 0.00001
    + CAST(ABS(TRY_CAST({PricingQuantity:number} AS DECIMAL(18, 6))) AS DECIMAL(20, 6)) * 0.00000000005
    + CAST(ABS(TRY_CAST({UnitPrice:number} AS DECIMAL(18, 12))) AS DECIMAL(20, 12)) * 0.0000005
END
