-- A corrected share lies within its interval, and both within 0 and 1.
select tracker, city, month_start_on, corrected_share, corrected_low, corrected_high
from marts.corrected_negative_shares
where
    corrected_share is not null
    and not (
        0 <= corrected_low
        and corrected_low <= corrected_share
        and corrected_share <= corrected_high
        and corrected_high <= 1
    );
