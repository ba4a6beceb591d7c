"""Say: how useful a language model finds each skill for an instruction."""
