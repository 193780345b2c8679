"""Who approved what: the record beside a program, and the gate that lets nothing else be deployed."""
