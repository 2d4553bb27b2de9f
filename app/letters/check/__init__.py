"""The check of a letter of intent: may a CPTS be formed on this territory?"""
