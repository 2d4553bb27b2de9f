"""`/membres/cpts/{id}/fiche`: a CPTS writes its sheet, and sees who did before."""
