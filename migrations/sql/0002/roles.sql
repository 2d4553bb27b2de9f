-- The Assurance Maladie decides beside the ARS, each in its region.
ALTER TABLE api_token DROP CONSTRAINT api_token_role_check;
ALTER TABLE api_token ADD CONSTRAINT api_token_role_check
    CHECK (role IN ('member', 'editor', 'ars', 'assurance_maladie', 'admin'));
ALTER TABLE api_token DROP CONSTRAINT api_token_ars_region_check;
ALTER TABLE api_token ADD CONSTRAINT api_token_agent_region_check
    CHECK (role NOT IN ('ars', 'assurance_maladie') OR region_code IS NOT NULL);
