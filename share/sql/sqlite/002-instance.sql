-- A random name of the database's present content: another one as soon as anything is changed or deleted, by whomever.
-- A client that remembers what is there (vx-post --journal) believes itself only while the name is the same.
CREATE TABLE instance (id TEXT NOT NULL);
INSERT INTO instance VALUES (lower(hex(randomblob(16))));
CREATE TRIGGER resource_deleted AFTER DELETE ON resource BEGIN
	UPDATE instance SET id = lower(hex(randomblob(16)));
END;
CREATE TRIGGER resource_changed AFTER UPDATE OF body ON resource BEGIN
	UPDATE instance SET id = lower(hex(randomblob(16)));
END;
