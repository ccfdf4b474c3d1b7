"""From what a person wrote to what is stored: new documents and changes of existing ones, checked."""
