//! UART and tty model: what a line fault makes of bytes.
