-- The Assurance Maladie decides beside the ARS, each in its region.
ALTER TABLE api_token DROP CONSTRAINT api_token_role_check;
ALTER TABLE api_token ADD CONSTRAINT api_token_role_check
    CHECK (role IN ('member', 'editor', 'ars', 'assurance_maladie', 'admin'));
ALTER TABLE api_token DROP CONSTRAINT api_token_ars_region_check;
ALTER TABLE api_token ADD CONSTRAINT api_token_agent_region_check
    CHECK (role NOT IN ('ars', 'assurance_maladie') OR region_code IS NOT NULL);

-- The token of an editor goes with a fictitious CPTS; what it did elsewhere stays.
ALTER TABLE cpts DROP CONSTRAINT cpts_created_by_fkey;
ALTER TABLE cpts ADD CONSTRAINT cpts_created_by_fkey
    FOREIGN KEY (created_by) REFERENCES api_token ON DELETE SET NULL;
ALTER TABLE cpts_change DROP CONSTRAINT cpts_change_actor_token_id_fkey;
ALTER TABLE cpts_change ADD CONSTRAINT cpts_change_actor_token_id_fkey
    FOREIGN KEY (actor_token_id) REFERENCES api_token ON DELETE SET NULL;
