-- The share of each deployment in each token kind of an offering, as measured over billed tokens.
-- grain: ChargeDate, ResourceName, Offering, Kind, Deployment.
-- input: bill, deployment_days, deployment_homes. Share = Part / Whole. Whole is never less than the parts together:
-- telemetry above the bill is scaled down (IsScaled). Basis says what the tokens are: kinds (told apart), prompt (every
-- input token of sources that do not tell cached ones apart), used (all tokens, of provisioned capacity).
WITH billed AS (
    SELECT
        ChargeDate, ResourceName, Offering,
        sum(CASE WHEN Kind = 'Uncached' THEN Tokens ELSE 0 END) AS Uncached,
        sum(CASE WHEN Kind = 'Read' THEN Tokens ELSE 0 END) AS "Read",
        sum(CASE WHEN Kind = 'Write' THEN Tokens ELSE 0 END) AS "Write",
        sum(CASE WHEN Kind = 'Output' THEN Tokens ELSE 0 END) AS Output
    FROM bill
    WHERE Offering IS NOT NULL
    GROUP BY ChargeDate, ResourceName, Offering
),
measured AS (
    SELECT
        deployment_days.*,
        deployment_homes.Offering AS Offering,
        deployment_homes.IsProven AS IsProven
    FROM deployment_days
    INNER JOIN deployment_homes
        ON deployment_homes.ResourceName = deployment_days.ResourceName
        AND deployment_homes.Deployment = deployment_days.Deployment
        AND deployment_homes.BillingMonth = strftime(deployment_days.ChargeDate, '%Y-%m')
),
together AS (
    SELECT
        ChargeDate, ResourceName, Offering,
        sum(Prompt) AS AllPrompt, sum(Uncached) AS AllUncached, sum("Read") AS AllRead, sum("Write") AS AllWrite,
        sum(Output) AS AllOutput,
        bool_and(KnowsKinds) AS KnowKinds,
        bool_or(KnowsWrites) AS KnowWrites
    FROM measured
    GROUP BY ChargeDate, ResourceName, Offering
),
offerings AS (
    SELECT
        billed.*, together.* EXCLUDE (ChargeDate, ResourceName, Offering),
        -- The input meter counted every prompt token, and the cached ones were rated again.
        billed."Read" > 0 AND billed.Uncached = together.AllPrompt
            AND (NOT together.KnowKinds OR billed."Read" = together.AllRead) AS IsDoubleMetered
    FROM billed
    INNER JOIN together
        ON together.ChargeDate = billed.ChargeDate AND together.ResourceName = billed.ResourceName
        AND together.Offering = billed.Offering
),
parts AS (
    SELECT
        offerings.ChargeDate, offerings.ResourceName, offerings.Offering, kinds.Kind,
        measured.Deployment, measured.IsProven, offerings.IsDoubleMetered,
        CASE
            WHEN offerings.Offering = 'Capacity' THEN 'used'
            WHEN kinds.Kind = 'Output' OR offerings.KnowKinds THEN 'kinds'
            ELSE 'prompt'
        END AS Basis,
        offerings."Read" + offerings."Write" > 0 AS HasCached,
        measured.IsEstimated AS IsEstimated,
        CASE
            WHEN offerings.Offering = 'Capacity' THEN measured.Prompt + measured.Output
            WHEN kinds.Kind = 'Output' THEN measured.Output
            WHEN NOT offerings.KnowKinds THEN measured.Prompt
            WHEN kinds.Kind = 'Read' THEN measured."Read"
            WHEN kinds.Kind = 'Write' AND offerings.KnowWrites THEN measured."Write"
            WHEN offerings.IsDoubleMetered THEN measured.Prompt
            ELSE measured.Uncached
        END AS Part,
        CASE
            WHEN offerings.Offering = 'Capacity' THEN 0
            WHEN kinds.Kind = 'Output' THEN offerings.Output
            WHEN NOT offerings.KnowKinds AND offerings.IsDoubleMetered THEN offerings.Uncached
            WHEN NOT offerings.KnowKinds THEN offerings.Uncached + offerings."Read" + offerings."Write"
            WHEN kinds.Kind = 'Read' THEN offerings."Read"
            WHEN offerings.KnowWrites AND kinds.Kind = 'Write' THEN offerings."Write"
            WHEN offerings.KnowWrites THEN offerings.Uncached
            ELSE offerings.Uncached + offerings."Write"
        END AS Billed
    FROM offerings
    INNER JOIN measured
        ON measured.ChargeDate = offerings.ChargeDate AND measured.ResourceName = offerings.ResourceName
        AND measured.Offering = offerings.Offering
    INNER JOIN (VALUES ('Uncached'), ('Read'), ('Write'), ('Output'), ('Capacity')) AS kinds(Kind)
        ON (kinds.Kind = 'Capacity') = (offerings.Offering = 'Capacity')
),
summed AS (
    SELECT
        *,
        CAST(sum(Part) OVER (PARTITION BY ChargeDate, ResourceName, Offering, Kind) AS BIGINT) AS Parts
    FROM parts
)
SELECT
    ChargeDate, ResourceName, Offering, Kind, Deployment, IsProven, IsDoubleMetered, Basis, HasCached,
    IsEstimated OR (Basis = 'prompt' AND HasCached) AS IsEstimated,
    CAST(Part AS BIGINT) AS Part,
    CAST(greatest(Parts, Billed) AS BIGINT) AS "Whole",
    Parts > Billed AND Offering <> 'Capacity' AS IsScaled
FROM summed
WHERE Part > 0
