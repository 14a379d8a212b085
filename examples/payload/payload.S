/* The bytes of the static program, as an object of the quickstart. */
    .section .rodata
    .global quickstart_payload
    .global quickstart_payload_end
    .balign 16
quickstart_payload:
    .incbin PAYLOAD
quickstart_payload_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
