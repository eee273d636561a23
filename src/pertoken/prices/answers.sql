-- What each price source answers for a meter on a day.
-- grain: Kind, Account, MeterId, MatchKey, UnitWords, CurrencyCode, and days from SegmentStart to
--        before SegmentEnd; the segments of one key do not overlap.
-- input:  prices, one row per stated price (see prices/columns.csv).
-- Kind: offer (a price sheet matched by offer), product (one matched by product and SKU), retail.
-- Of the rows that cover a day those with the latest EffectiveStart count. Where these state
-- several prices, a first tier above zero or an included quantity, Several is true.
-- ListUnitPrice and ContractedUnitPrice per Block single units, in CurrencyCode; 0 is not a price.
WITH stated AS (
    SELECT
        CASE WHEN PriceSource = 'retail price list' THEN 'retail' WHEN Account = EnrollmentNumber THEN 'offer' ELSE 'product' END AS Kind,
        coalesce(Account, '') AS Account,
        MeterId AS MeterId,
        CASE WHEN Account = EnrollmentNumber THEN lower(OfferId) ELSE lower(ProductId || '/' || SkuId) END AS MatchKey,
        {words} AS UnitWords,
        {block} AS Block,
        CurrencyCode AS CurrencyCode,
        EffectiveStart AS EffectiveStart,
        coalesce(EffectiveEnd, DATE '9999-12-31') AS EffectiveEnd,
        nullif(ListUnitPrice, 0) AS ListUnitPrice,
        nullif(ContractedUnitPrice, 0) AS ContractedUnitPrice,
        coalesce(TierMinimumUnits, 0) AS Tier,
        coalesce(IncludedQuantity, 0) AS Included,
        RunId AS RunId
    FROM prices
    WHERE PriceType = 'Consumption'
        AND EffectiveStart < {until} AND coalesce(EffectiveEnd, DATE '9999-12-31') > {since}
),
usable AS (
    SELECT * FROM stated WHERE MatchKey IS NOT NULL AND Block IS NOT NULL AND CurrencyCode IS NOT NULL
),
several AS (
    SELECT Kind AS Kind, Account AS Account, MeterId AS MeterId, MatchKey AS MatchKey, UnitWords AS UnitWords, CurrencyCode AS CurrencyCode
    FROM usable
    GROUP BY Kind, Account, MeterId, MatchKey, UnitWords, CurrencyCode
    HAVING count(*) > 1
),
repeated AS (
    SELECT usable.*
    FROM usable
    INNER JOIN several
        ON several.Kind = usable.Kind AND several.Account = usable.Account AND several.MeterId = usable.MeterId
        AND several.MatchKey = usable.MatchKey AND several.UnitWords = usable.UnitWords AND several.CurrencyCode = usable.CurrencyCode
),
bounds AS (
    SELECT Kind, Account, MeterId, MatchKey, UnitWords, CurrencyCode, EffectiveStart AS Bound FROM repeated
    UNION
    SELECT Kind, Account, MeterId, MatchKey, UnitWords, CurrencyCode, EffectiveEnd AS Bound FROM repeated
),
segments AS (
    SELECT
        Kind AS Kind, Account AS Account, MeterId AS MeterId, MatchKey AS MatchKey, UnitWords AS UnitWords, CurrencyCode AS CurrencyCode,
        Bound AS SegmentStart,
        lead(Bound) OVER (PARTITION BY Kind, Account, MeterId, MatchKey, UnitWords, CurrencyCode ORDER BY Bound) AS SegmentEnd
    FROM bounds
),
covering AS (
    SELECT
        segments.*,
        repeated.Block AS Block, repeated.ListUnitPrice AS ListUnitPrice, repeated.ContractedUnitPrice AS ContractedUnitPrice,
        repeated.Tier AS Tier, repeated.Included AS Included, repeated.RunId AS RunId,
        rank() OVER (
            PARTITION BY segments.Kind, segments.Account, segments.MeterId, segments.MatchKey, segments.UnitWords, segments.CurrencyCode, segments.SegmentStart
            ORDER BY repeated.EffectiveStart DESC
        ) AS Place
    FROM segments
    INNER JOIN repeated
        ON repeated.Kind = segments.Kind AND repeated.Account = segments.Account AND repeated.MeterId = segments.MeterId
        AND repeated.MatchKey = segments.MatchKey AND repeated.UnitWords = segments.UnitWords AND repeated.CurrencyCode = segments.CurrencyCode
        AND repeated.EffectiveStart <= segments.SegmentStart AND repeated.EffectiveEnd >= segments.SegmentEnd
)
SELECT
    Kind AS Kind,
    Account AS Account,
    MeterId AS MeterId,
    MatchKey AS MatchKey,
    UnitWords AS UnitWords,
    CurrencyCode AS CurrencyCode,
    SegmentStart AS SegmentStart,
    SegmentEnd AS SegmentEnd,
    min(Block) AS Block,
    min(ListUnitPrice) AS ListUnitPrice,
    min(ContractedUnitPrice) AS ContractedUnitPrice,
    min(RunId) AS RunId,
    count(DISTINCT ListUnitPrice) > 1 OR count(DISTINCT ContractedUnitPrice) > 1 OR min(Block) <> max(Block)
    OR min(Tier) <> 0 OR max(Included) <> 0 AS Several
FROM covering
WHERE Place = 1
GROUP BY Kind, Account, MeterId, MatchKey, UnitWords, CurrencyCode, SegmentStart, SegmentEnd
UNION ALL
-- A key with one price, which nearly all have, needs no segments.
SELECT
    Kind AS Kind,
    Account AS Account,
    MeterId AS MeterId,
    MatchKey AS MatchKey,
    UnitWords AS UnitWords,
    CurrencyCode AS CurrencyCode,
    min(EffectiveStart) AS SegmentStart,
    min(EffectiveEnd) AS SegmentEnd,
    min(Block) AS Block,
    min(ListUnitPrice) AS ListUnitPrice,
    min(ContractedUnitPrice) AS ContractedUnitPrice,
    min(RunId) AS RunId,
    min(Tier) <> 0 OR max(Included) <> 0 AS Several
FROM usable
GROUP BY Kind, Account, MeterId, MatchKey, UnitWords, CurrencyCode
HAVING count(*) = 1
