//! OBIS codes and their names.
