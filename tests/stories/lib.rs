//! Nothing of its own: the stories are the tests beside this file.
