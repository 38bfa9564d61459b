#include "CJPEGCodec.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

struct jpegcodec_decoder {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    char message[JPEGCODEC_MESSAGE_SIZE];
};

// A few kilobytes can hold thousands of scans, each of which costs as much as a whole picture.
enum { maximum_scans = 100 };

static jpegcodec_decoder *decoder_of(j_common_ptr info) { return info->client_data; }

static void stop(j_common_ptr info, const char *message) {
    jpegcodec_decoder *decoder = decoder_of(info);
    snprintf(decoder->message, sizeof decoder->message, "%s", message);
    longjmp(decoder->escape, 1);
}

static void on_error(j_common_ptr info) {
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    stop(info, text);
}

// The library goes on with grey where data are missing or damaged: such a picture is not what was photographed.
static void on_message(j_common_ptr info, int level) {
    if (level >= 0) return;
    int isDecompressing = info->is_decompressor;
    switch (info->err->msg_code) {
    case JWRN_HIT_MARKER: stop(info, "the file is cut off or damaged"); break;
    case JWRN_JPEG_EOF:
        // Of a baseline picture all may be there but the end marker.
        if (isDecompressing && ((j_decompress_ptr)info)->progressive_mode) stop(info, "the file is cut off");
        break;
    case JWRN_HUFF_BAD_CODE:
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC: on_error(info); break;
    default: break;
    }
}

static void on_output(j_common_ptr info) { (void)info; }

static void on_progress(j_common_ptr info) {
    if (info->is_decompressor && ((j_decompress_ptr)info)->input_scan_number > maximum_scans)
        stop(info, "at most 100 scans expected");
}

jpegcodec_decoder *jpegcodec_open(const uint8_t *bytes, size_t count, jpegcodec_limits limits, jpegcodec_header *header,
                                  jpegcodec_status *status, char message[JPEGCODEC_MESSAGE_SIZE]) {
    *status = JPEGCODEC_DAMAGED;
    jpegcodec_decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder) {
        snprintf(message, JPEGCODEC_MESSAGE_SIZE, "out of memory");
        return NULL;
    }
    struct jpeg_decompress_struct *info = &decoder->info;
    info->err = jpeg_std_error(&decoder->errors);
    decoder->errors.error_exit = on_error;
    decoder->errors.emit_message = on_message;
    decoder->errors.output_message = on_output;
    info->client_data = decoder;
    if (setjmp(decoder->escape)) {
        memcpy(message, decoder->message, JPEGCODEC_MESSAGE_SIZE);
        jpegcodec_close(decoder);
        return NULL;
    }
    jpeg_create_decompress(info);
    info->client_data = decoder; // jpeg_create_decompress keeps it; said again so that nobody must know.
    decoder->progress.progress_monitor = on_progress;
    info->progress = &decoder->progress;
    jpeg_mem_src(info, bytes, count);
    jpeg_read_header(info, TRUE);

    if (info->image_width > limits.maximum_side || info->image_height > limits.maximum_side) {
        char text[JPEGCODEC_MESSAGE_SIZE];
        snprintf(text, sizeof text, "at most %u pixels a side, got %u x %u", limits.maximum_side, info->image_width,
                 info->image_height);
        stop((j_common_ptr)info, text);
    }
    if (info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK) {
        *status = JPEGCODEC_UNSUPPORTED;
        stop((j_common_ptr)info, "this one is CMYK, for printing");
    }
    if (info->num_components != 1 && info->num_components != 3) {
        *status = JPEGCODEC_UNSUPPORTED;
        char text[JPEGCODEC_MESSAGE_SIZE];
        snprintf(text, sizeof text, "this one has %d components", info->num_components);
        stop((j_common_ptr)info, text);
    }
    info->out_color_space = info->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    info->dct_method = JDCT_ISLOW;
    header->width = info->image_width;
    header->height = info->image_height;
    header->channels = (uint32_t)info->num_components;
    if ((uint64_t)header->width * header->height * header->channels > limits.maximum_bytes)
    {
        char text[JPEGCODEC_MESSAGE_SIZE];
        snprintf(text, sizeof text, "%u x %u pixels are larger than the limit of %.4g MiB", info->image_width,
                 info->image_height, (double)limits.maximum_bytes / (1 << 20));
        stop((j_common_ptr)info, text);
    }
    return decoder;
}

int jpegcodec_read(jpegcodec_decoder *decoder, uint8_t *pixels, char message[JPEGCODEC_MESSAGE_SIZE]) {
    struct jpeg_decompress_struct *info = &decoder->info;
    if (setjmp(decoder->escape)) {
        memcpy(message, decoder->message, JPEGCODEC_MESSAGE_SIZE);
        return 1;
    }
    jpeg_start_decompress(info);
    size_t row_bytes = (size_t)info->output_width * (size_t)info->output_components;
    while (info->output_scanline < info->output_height) {
        JSAMPROW row = pixels + info->output_scanline * row_bytes;
        jpeg_read_scanlines(info, &row, 1);
    }
    jpeg_finish_decompress(info);
    return 0;
}

void jpegcodec_close(jpegcodec_decoder *decoder) {
    if (!decoder) return;
    // Destroying does not fail, and does nothing to what was never created.
    jpeg_destroy_decompress(&decoder->info);
    free(decoder);
}
