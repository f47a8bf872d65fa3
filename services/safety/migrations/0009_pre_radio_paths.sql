-- The way from the radios of each force to here, as it was at the last look for signs of life (R-OS-07).
create table radio_path (
    force        text        primary key,
    -- When any of its radios was heard last.
    heard_at     timestamptz,
    -- Since when signs of life have come, and been looked for, without a break. Empty: since ever.
    steady_since timestamptz,
    -- None of several radios on duty is heard since then.
    silent_since timestamptz,
    -- Counts the events of this path.
    sequence     bigint      not null default 0,
    -- By the clock of the machine.
    looked_at    timestamptz not null default clock_timestamp()
);
