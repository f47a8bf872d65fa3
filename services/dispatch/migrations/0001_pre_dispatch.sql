-- Units, incidents that wait, assignments with their hazard answer.
select 1;
