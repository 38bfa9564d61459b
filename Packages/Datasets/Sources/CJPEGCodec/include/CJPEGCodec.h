// JPEG decoding in memory through libjpeg-turbo. Every error of the library ends inside these functions (setjmp) and
// comes back as a message; no longjmp ever leaves them, so Swift can call them safely.
#ifndef CJPEGCODEC_H
#define CJPEGCODEC_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t width, height; // as stored, before any orientation
    uint32_t channels;      // 1 grey, 3 RGB
} jpegcodec_header;

typedef struct {
    uint32_t maximum_side;  // pixels
    uint64_t maximum_bytes; // of the decoded image
} jpegcodec_limits;

typedef struct jpegcodec_decoder jpegcodec_decoder;

enum { JPEGCODEC_MESSAGE_SIZE = 256 };
typedef enum { JPEGCODEC_DAMAGED = 1, JPEGCODEC_UNSUPPORTED = 2 } jpegcodec_status;

// Reads the header. The bytes must stay alive until jpegcodec_close. Returns NULL, with a message, on failure.
jpegcodec_decoder *jpegcodec_open(const uint8_t *bytes, size_t count, jpegcodec_limits limits, jpegcodec_header *header,
                                  jpegcodec_status *status, char message[JPEGCODEC_MESSAGE_SIZE]);
// Reads the pixels, rows of interleaved samples without padding, into height * width * channels bytes. Returns 0 on
// success. May be called once.
int jpegcodec_read(jpegcodec_decoder *decoder, uint8_t *pixels, char message[JPEGCODEC_MESSAGE_SIZE]);
void jpegcodec_close(jpegcodec_decoder *decoder);

#endif
