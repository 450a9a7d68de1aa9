/* A stand-in for NVIDIA's libnvidia-ml: the calls that evaluation/runner/gpu.py makes, over a scene that the
   tests set through fake_*. Layouts and codes are those of nvml.h (process info of version 2 and 3, memory of
   version 1). It keeps no GPU; it answers. */
#include <stdio.h>
#include <string.h>

enum { OK = 0, INVALID = 2, NO_PERMISSION = 4, NOT_FOUND = 6, INSUFFICIENT = 7, NOT_LOADED = 9, LOST = 15 };
enum { MAX_DEVICES = 4, MAX_PROCESSES = 64 };

typedef struct { unsigned int pid; unsigned long long used; unsigned int gpu, compute; } Process;
typedef struct { unsigned long long total, free, used; } Memory;
typedef struct {
    Process compute[MAX_PROCESSES], graphics[MAX_PROCESSES];
    unsigned int n_compute, n_graphics;
    unsigned long long used;
} Device;

static Device devices[MAX_DEVICES];
static unsigned int n_devices;
static int init_code = NOT_LOADED, list_code, memory_code, vanish;

void fake_reset(void) {
    memset(devices, 0, sizeof devices);
    n_devices = 0;
    init_code = NOT_LOADED;
    list_code = memory_code = vanish = 0;
}
void fake_driver(unsigned int count) { init_code = OK; n_devices = count; }
void fake_list_code(int code) { list_code = code; }
void fake_memory_code(int code) { memory_code = code; }
void fake_used(unsigned int device, unsigned long long bytes) { devices[device].used = bytes; }
void fake_processes_end(void) {
    for (unsigned int i = 0; i < MAX_DEVICES; i++) devices[i].n_compute = devices[i].n_graphics = 0;
}
/* The process goes away between the call that asks for the count and the one that fetches the list. */
void fake_vanish(void) { vanish = 1; }
void fake_process(unsigned int device, int graphics, unsigned int pid, unsigned long long bytes) {
    Device *d = &devices[device];
    Process p = {pid, bytes, 0xFFFFFFFFu, 0xFFFFFFFFu};
    if (graphics) d->graphics[d->n_graphics++] = p;
    else d->compute[d->n_compute++] = p;
}

int nvmlInitWithFlags(unsigned int flags) { (void)flags; return init_code; }
int nvmlShutdown(void) { return init_code; }
const char *nvmlErrorString(int code) {
    switch (code) {
    case NO_PERMISSION: return "Insufficient Permissions";
    case NOT_LOADED: return "Driver Not Loaded";
    case LOST: return "GPU is lost";
    default: return "Unknown Error";
    }
}
int nvmlSystemGetDriverVersion(char *text, unsigned int length) {
    snprintf(text, length, "999.10.01");
    return OK;
}
int nvmlDeviceGetCount_v2(unsigned int *count) { *count = n_devices; return OK; }
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, Device **device) {
    if (index >= n_devices) return INVALID;
    *device = &devices[index];
    return OK;
}
int nvmlDeviceGetName(Device *device, char *text, unsigned int length) {
    (void)device;
    snprintf(text, length, "Fake GPU");
    return OK;
}
int nvmlDeviceGetUUID(Device *device, char *text, unsigned int length) {
    snprintf(text, length, "GPU-0000000%d", (int)(device - devices));
    return OK;
}
int nvmlDeviceGetMemoryInfo(Device *device, Memory *memory) {
    if (memory_code) return memory_code;
    memory->total = 8ull << 30;
    memory->used = device->used;
    memory->free = memory->total - memory->used;
    return OK;
}

static int list(Process *from, unsigned int *n, unsigned int *count, Process *to) {
    if (list_code) return list_code;
    if (*count < *n) { *count = *n; return INSUFFICIENT; }
    if (vanish && *n) { --*n; vanish = 0; }
    memcpy(to, from, *n * sizeof *from);
    *count = *n;
    return OK;
}
int nvmlDeviceGetComputeRunningProcesses_v3(Device *device, unsigned int *count, Process *to) {
    return list(device->compute, &device->n_compute, count, to);
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(Device *device, unsigned int *count, Process *to) {
    return list(device->graphics, &device->n_graphics, count, to);
}
