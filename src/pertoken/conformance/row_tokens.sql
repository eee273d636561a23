-- Tokens of one row, NULL when its counts are absent or contradict each other.
-- Inputs:  counts of one place: input (of which cached), beside it cache reads and writes, output,
--          total; "#direction" and "#action" of the row, NULL where it bills both directions.
-- Gives:   tokens of the kind that the row says it is, else of both directions.
CASE
    WHEN "#direction" = 'Output' THEN {Output}
    WHEN "#direction" = 'Input' AND "#action" = 'Read' THEN COALESCE({CacheRead}, {Cached})
    WHEN "#direction" = 'Input' AND "#action" = 'Write' THEN {CacheWrite}
    WHEN "#direction" = 'Input' AND "#action" = 'Uncached' THEN {Input} - COALESCE({Cached}, 0)
    WHEN "#direction" = 'Input' THEN {Input} + COALESCE({CacheRead}, 0) + COALESCE({CacheWrite}, 0)
    WHEN {Input} IS NULL AND {Output} IS NULL THEN {Total}
    WHEN {Input} IS NULL THEN NULL
    WHEN {Output} IS NULL THEN CASE WHEN {Total} = {Input} THEN {Input} END
    WHEN {Total} IS NULL OR {Total} = {Input} + {Output}
    OR {Total} = {Input} + {Output} + COALESCE({CacheRead}, 0) + COALESCE({CacheWrite}, 0)
    THEN COALESCE({Total}, {Input} + {Output} + COALESCE({CacheRead}, 0) + COALESCE({CacheWrite}, 0))
END
