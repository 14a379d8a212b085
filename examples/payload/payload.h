#ifndef QUICKSTART_PAYLOAD_H
#define QUICKSTART_PAYLOAD_H

extern const unsigned char quickstart_payload[];
extern const unsigned char quickstart_payload_end[];

#endif
