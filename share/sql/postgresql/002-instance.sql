-- A random name of the database's present content: another one as soon as anything is changed or deleted, by whomever.
-- A client that remembers what is there (vx-post --journal) believes itself only while the name is the same.
CREATE TABLE instance (id text NOT NULL);
INSERT INTO instance VALUES (replace(gen_random_uuid()::text, '-', ''));
CREATE FUNCTION instance_renew() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
	UPDATE instance SET id = replace(gen_random_uuid()::text, '-', '');
	RETURN NULL;
END
$$;
CREATE TRIGGER resource_renews AFTER DELETE OR TRUNCATE OR UPDATE OF body ON resource
	FOR EACH STATEMENT EXECUTE FUNCTION instance_renew();

-- A row a transaction that created resources: the last one is older in a back-up. (A sequence would not do: pg_dump
-- reads it later than the tables.)
CREATE TABLE creation (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
