-- What a release was when it was registered; nothing for one that was registered before there was such a thing.
ALTER TABLE releases ADD COLUMN bytes integer CHECK (bytes >= 0);
--> statement-breakpoint
ALTER TABLE releases ADD COLUMN files integer CHECK (files >= 0);
--> statement-breakpoint
-- For people: what is new in it, in its own words.
ALTER TABLE releases ADD COLUMN notes text;
