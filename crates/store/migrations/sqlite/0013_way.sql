-- The way to a site that was added by command, where it is another than to all: file of authorities, proxy without its
-- password, exceptions, as JSON.
alter table integration add column way text;
